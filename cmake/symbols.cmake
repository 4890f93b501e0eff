# What is to be seen of our symbols from outside: those that the public headers declare, and no others.
# -fvisibility=hidden sees to that in the shared library.

# A program shows none by itself.
function(export_public target)
    set(symbols ${CMAKE_SOURCE_DIR}/cmake/public-symbols.txt)
    target_link_options(${target} PRIVATE -Wl,--dynamic-list=${symbols})
    set_target_properties(${target} PROPERTIES LINK_DEPENDS ${symbols})
endfunction()

# Makes one static library of several: combine_archives(TARGET FILE LIBRARY...). It holds one object, so that
# whoever links it gets all of it, modules' functions too, and its inner names clash with nobody's.
function(combine_archives target file)
    set(archives)
    foreach(library ${ARGN})
        list(APPEND archives $<TARGET_FILE:${library}>)
    endforeach()
    set(object ${CMAKE_CURRENT_BINARY_DIR}/${target}.o)
    set(archive ${CMAKE_CURRENT_BINARY_DIR}/${file})
    add_custom_command(
        OUTPUT ${archive}
        COMMAND ${CMAKE_LINKER} -r -o ${object} --whole-archive ${archives}
        COMMAND ${CMAKE_OBJCOPY} --wildcard --keep-global-symbol=configurapi_* --remove-section=.gnu.lto_* ${object}
        COMMAND ${CMAKE_COMMAND} -E rm -f ${archive}
        COMMAND ${CMAKE_AR} rcs ${archive} ${object}
        COMMAND ${CMAKE_COMMAND} -E rm -f ${object}
        DEPENDS ${ARGN}
        COMMENT "Combining ${file}"
        VERBATIM)
    add_custom_target(${target}-archive ALL DEPENDS ${archive})
    add_library(${target} STATIC IMPORTED GLOBAL)
    add_dependencies(${target} ${target}-archive)
    set_target_properties(${target} PROPERTIES IMPORTED_LOCATION ${archive})
    target_include_directories(${target} INTERFACE ${CMAKE_SOURCE_DIR}/include)
endfunction()
