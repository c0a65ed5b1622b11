"""Whether two leads are one person: pure, without Django."""
