# A release by gcc is trained: a program of the same sources, training/, counts which way each branch goes, and by that
# the compiler lays out the layers that clients' messages pass (-fprofile-use). Not for another kind of processor than
# this one, for the program has to run, nor where -DCONFIGURAPI_TRAINED=OFF says so.
include(CMakeDependentOption)
cmake_dependent_option(CONFIGURAPI_TRAINED "Compile by what the branches of a training program did" ON
    "CMAKE_BUILD_TYPE STREQUAL Release;CMAKE_C_COMPILER_ID STREQUAL GNU;NOT CMAKE_CROSSCOMPILING;NOT CONFIGURAPI_SANITIZE" OFF)

set(TRAINED_LAYERS base protocol json pipeline handlers net runner)
set(PROFILE_DIR ${CMAKE_BINARY_DIR}/training/profile)

# Adds options to each source of a layer, here and in the training program, that give its counts one name: gcc finds
# them, and in them the static functions, by the name that it thinks the object has.
function(name_counts layer)
    get_target_property(sources ${layer} SOURCES)
    foreach(source IN LISTS sources)
        cmake_path(GET source FILENAME name)
        set_property(SOURCE ${source} APPEND PROPERTY COMPILE_OPTIONS -dumpdir ${PROFILE_DIR}/${layer}/ -dumpbase ${name})
    endforeach()
endfunction()

# Compiles a layer by its profile. What training has not passed is compiled as if there were none.
function(use_profile layer)
    if(NOT CONFIGURAPI_TRAINED OR NOT layer IN_LIST TRAINED_LAYERS)
        return()
    endif()
    name_counts(${layer})
    get_target_property(sources ${layer} SOURCES)
    set_property(SOURCE ${sources} APPEND PROPERTY OBJECT_DEPENDS ${PROFILE_DIR}/complete)
    add_dependencies(${layer} profile)
    target_compile_options(${layer} PRIVATE -fprofile-use -fprofile-partial-training
        -Wno-error=missing-profile -Wno-error=coverage-mismatch)
endfunction()
