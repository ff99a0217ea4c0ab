"""Mail worlds under a fake clock: whole desks among machines and people that answer them."""
