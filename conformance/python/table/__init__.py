"""Every operation on every kind of key in every state, held against AWS's documented and recorded behaviour."""
