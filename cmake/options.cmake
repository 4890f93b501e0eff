# Language level, warnings and instrumentation: everything that holds for every target.

set(CMAKE_C_STANDARD 17)
set(CMAKE_C_STANDARD_REQUIRED ON)
set(CMAKE_C_EXTENSIONS OFF)
set(CMAKE_CXX_STANDARD 17)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)

if(NOT CMAKE_BUILD_TYPE)
    set(CMAKE_BUILD_TYPE Release)
endif()

option(CONFIGURAPI_BENCH "Build the load generator and the C peers of the benchmark" OFF)
option(CONFIGURAPI_FUZZ "Build the libFuzzer targets (clang only)" OFF)
set(CONFIGURAPI_SANITIZE "" CACHE STRING "Sanitizers to build with, as -fsanitize= takes them")

# gcc and clang differ in which casts and conversions they question; both must be silent.
add_compile_options(-Wall -Wextra -Wpedantic -Wshadow -Wconversion $<$<COMPILE_LANGUAGE:C>:-Wstrict-prototypes> -Werror
                    -fvisibility=hidden)
add_compile_definitions(_GNU_SOURCE)
# Where somebody looks at stacks. To profile a release build: perf record --call-graph dwarf.
if(NOT CMAKE_BUILD_TYPE STREQUAL "Release")
    add_compile_options(-fno-omit-frame-pointer)
endif()

if(CONFIGURAPI_SANITIZE)
    add_compile_options(-fsanitize=${CONFIGURAPI_SANITIZE} -fno-sanitize-recover=undefined -g)
    add_link_options(-fsanitize=${CONFIGURAPI_SANITIZE})
else()
    add_compile_options(-fstack-protector-strong)
    if(CMAKE_BUILD_TYPE STREQUAL "Release")
        add_compile_definitions(_FORTIFY_SOURCE=2)
    endif()
    add_link_options(-Wl,-z,relro,-z,now)
endif()

# What has the property OPTIMISED_AS_ONE is, in a release build by gcc. The objects hold machine code too: whatever
# else is linked, and the static library, is made of that.
# Pairs of words (a text is one) stay in two registers: to put them into one vector and store that takes longer.
if(CMAKE_BUILD_TYPE STREQUAL "Release" AND CMAKE_C_COMPILER_ID STREQUAL "GNU" AND NOT CONFIGURAPI_SANITIZE)
    add_compile_options($<$<COMPILE_LANGUAGE:C>:-fno-tree-slp-vectorize>)
    add_compile_options($<$<COMPILE_LANGUAGE:C>:-flto=auto> $<$<COMPILE_LANGUAGE:C>:-ffat-lto-objects>)
    add_link_options($<IF:$<BOOL:$<TARGET_PROPERTY:OPTIMISED_AS_ONE>>,-flto=auto,-fno-lto>)
endif()

# libFuzzer's counters go into everything, its main only into the targets (tests/fuzz).
if(CONFIGURAPI_FUZZ)
    if(NOT CMAKE_C_COMPILER_ID STREQUAL "Clang")
        message(FATAL_ERROR "CONFIGURAPI_FUZZ needs clang: cmake --preset fuzz")
    endif()
    # clang, unlike gcc, counts NULL + 0 among the overflows; empty texts are that.
    add_compile_options(-fsanitize=fuzzer-no-link -fno-sanitize=pointer-overflow)
endif()
