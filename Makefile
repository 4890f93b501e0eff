# A thin front for CMake: see CONTRIBUTING.md for what each does.
.PHONY: run build test check format clean bench fuzz soak docs install package

run: build
	cd examples/chat && ../../build/configurapi-runner-ws $(ARGS)

build:
	scripts/install-dependencies
	cmake --preset release
	cmake --build --preset release

# To the system, or under DESTDIR.
install: build
	cmake --install build/release

# The Debian packages: build/release/packages
package: build
	scripts/install-dependencies --package
	cd build/release && cpack

# The API reference: build/release/docs/api/html/index.html
docs:
	scripts/install-dependencies --docs
	cmake --preset release
	cmake --build --preset release --target docs

# With sanitizers, all over TCP but slow readers; as it ships, all over TLS, and over TCP what measures memory and limits, or
# hides a library's functions.
# `ctest --preset release` runs every case over both.
test:
	scripts/install-dependencies --test
	scripts/npm-ci tests
	cmake --preset asan
	cmake --build --preset asan
	cmake --preset release
	cmake --build --preset release
	cmake --preset tsan
	cmake --build --preset tsan --target library-tests
	ctest --preset asan -LE '^e2e-tls$$' -E '^e2e\.stream-flow$$'
	ctest --preset tsan -L '^library$$' -E symbols
	ctest --preset release -R '^e2e\.(exhaustion|flow|libraries|rest|stream-flow|vanishing)$$'
	ctest --preset release -E '^e2e\.' -LE '^conformance-tls$$'

check:
	scripts/install-dependencies --check
	scripts/check-layers
	scripts/check-format
	cmake --preset clang
	cmake --build --preset clang

format:
	scripts/install-dependencies --check
	clang-format -i $$(git ls-files '*.c' '*.h' '*.cpp' '*.hpp')

bench:
	scripts/install-dependencies --bench
	scripts/npm-ci bench
	cmake --preset bench
	cmake --build --preset bench
	node bench/run.mjs $(ARGS)

# TIME=seconds for each target, TARGET=name for one of them (tests/fuzz/README.md)
TIME ?= 60
fuzz:
	scripts/install-dependencies --fuzz
	cmake --preset fuzz
	cmake --build --preset fuzz --target fuzz
	tests/fuzz/run $(TIME) $(TARGET)

# TIME=seconds of random clients (tests/soak/soak.mjs)
soak: build
	scripts/npm-ci tests
	node tests/soak/soak.mjs $(if $(filter command line,$(origin TIME)),$(TIME),600)

clean:
	rm -rf build
