"""The org store: what a team shares. `engine.open_store` opens the real one, `memory.MemoryStore` is the shipped fake.

Nothing is imported here: SQLAlchemy is not cheap, and the pure rules need none of it.
"""
