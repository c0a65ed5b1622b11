"""Leads as signed JSON to any address."""
