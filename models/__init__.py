"""The nouns: frozen records that travel between the floors, and the rows that keep them."""
