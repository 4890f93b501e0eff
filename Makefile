# A thin front for CMake: see CONTRIBUTING.md for what each does.
.PHONY: run build test check format clean bench

run: build
	cd examples/chat && ../../build/configurapi-runner-ws $(ARGS)

build:
	scripts/install-dependencies
	cmake --preset release
	cmake --build --preset release

test:
	scripts/install-dependencies
	npm ci --prefix tests --no-audit --no-fund --loglevel=error
	cmake --preset asan
	cmake --build --preset asan
	cmake --preset release
	cmake --build --preset release
	ctest --preset asan
	ctest --preset release

check:
	scripts/install-dependencies --check
	scripts/check-layers
	scripts/check-format
	cmake --preset clang
	cmake --build --preset clang

format:
	clang-format -i $$(git ls-files '*.c' '*.h')

bench:
	scripts/install-dependencies --bench
	npm ci --prefix bench --no-audit --no-fund --loglevel=error
	cmake --preset bench
	cmake --build --preset bench
	node bench/run.mjs --server build/bench/src/configurapi-runner-ws --load build/bench/bench/load $(ARGS)

clean:
	rm -rf build
