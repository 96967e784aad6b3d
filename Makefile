# make demo   build a small class, grade it, show the grades   (the main job)
# make test   run every test
# make check  lint and the fast tests, while you work
# make .venv  set up only
# make lock   compile requirements.lock anew after a change of dependencies
#
# Each target does all of its own set-up. PYTHON=python3.12 chooses another interpreter (3.11 or newer).

PYTHON ?= python3
UV := $(shell command -v uv 2>/dev/null || echo .tools/bin/uv)
export UV_PYTHON_DOWNLOADS := never
export PATH := $(CURDIR)/.venv/bin:$(PATH)

# Two processes with all threads each would wait for one another: one thread each halves the time of the tests.
PYTEST := OMP_NUM_THREADS=1 .venv/bin/python -m pytest -q -n 2 --dist loadfile --no-loadscope-reorder

.PHONY: demo test check lint lock clean

demo: .venv
	@.venv/bin/course demo

test: .venv lint
	$(PYTEST)

check: .venv lint
	$(PYTEST) -m "not slow"

lint: .venv
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .
	.venv/bin/lint-imports --no-cache --no-logo

.venv: .venv/.ready

.venv/.ready: requirements.lock pyproject.toml course/pyproject.toml | $(UV)
	@$(PYTHON) -c 'import sys; v = sys.version_info; v >= (3, 11) or sys.exit("Python %d.%d found, expected 3.11 or newer: make PYTHON=python3.12 $(MAKECMDGOALS)" % v[:2])'
	$(UV) venv --quiet --clear --python "$$($(PYTHON) -c 'import sys; print(sys.executable)')" .venv
	$(UV) pip install --quiet --compile-bytecode --python .venv/bin/python --require-hashes -r requirements.lock
	$(UV) pip install --quiet --python .venv/bin/python --no-deps --no-build-isolation -e course -e .
	@touch $@

.tools/bin/uv:
	$(PYTHON) -m pip install --quiet --disable-pip-version-check --root-user-action=ignore --target .tools uv

lock: | $(UV)
	$(UV) pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
		--no-emit-package waferlab --extra dev --custom-compile-command "make lock" \
		pyproject.toml course/pyproject.toml -o requirements.lock

clean:
	rm -rf .venv .tools .pytest_cache .ruff_cache
