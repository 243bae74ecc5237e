"""Trains a classifier's adapter and head on nodes that keep their texts."""
