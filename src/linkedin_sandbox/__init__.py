"""A local LinkedIn: sign-in, lead forms, leads and notices, for trying and testing."""
