"""Leads in a real Creatio, over OData 4."""
