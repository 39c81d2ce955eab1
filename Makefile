.PHONY: test quality style benchmarks

test:  # the whole suite
	pytest

quality:  # what a change must pass besides the tests
	ruff check .
	ruff format --check .

style:  # put it in order
	ruff check --fix .
	ruff format .

benchmarks:  # some minutes; prints tables and fails where a target is missed
	missed=0; for benchmark in benchmarks/[a-z]*_*.py; do python $$benchmark || missed=1; done; exit $$missed
