# One static library a folder of src/: layer(NAME [USES layer|library ...]). What a layer may include is
# checked by scripts/check-layers; this keeps the link order the same.
function(layer name)
    cmake_parse_arguments(LAYER "" "" "USES" ${ARGN})
    file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/${name}/*.c)
    add_library(${name} STATIC ${sources})
    target_include_directories(${name} PUBLIC ${CMAKE_SOURCE_DIR}/src ${CMAKE_SOURCE_DIR}/include)
    target_link_libraries(${name} PUBLIC ${LAYER_USES})
    use_profile(${name})
endfunction()
