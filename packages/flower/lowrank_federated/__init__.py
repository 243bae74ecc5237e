"""A classifier's adapter and head, trained by nodes that keep their texts."""
