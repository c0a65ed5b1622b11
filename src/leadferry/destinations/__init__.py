"""Further systems that get the leads."""
