.PHONY: test lint samples docs bench

test:
	python -m pytest

lint:
	ruff format --check .
	ruff check .
	mypy

samples:
	python samples/draw.py

docs:
	python docs/make_cli.py

bench:
	python benchmarks/speed.py
