# embed_modules(OUT file...): writes OUT, an assembler source (for the C preprocessor) that defines the table
# `embedded_modules` of src/js/embedded.h with each file's text, under the file's name without ".js".
function(embed_modules out)
    set(pairs "")
    foreach(path IN LISTS ARGN)
        cmake_path(GET path STEM LAST_ONLY name)
        list(APPEND pairs "${name}=${path}")
    endforeach()
    list(SORT pairs)

    set(texts "")
    set(rows "")
    set(index 0)
    foreach(pair IN LISTS pairs)
        string(REGEX MATCH "^([^=]*)=(.*)$" matched "${pair}")
        set(name "${CMAKE_MATCH_1}")
        set(path "${CMAKE_MATCH_2}")
        string(APPEND texts ".Lname${index}:\n    .asciz \"${name}\"\n"
                            ".Ltext${index}:\n    .incbin \"${path}\"\n.Lend${index}:\n    .byte 0\n")
        string(APPEND rows "    WORD .Lname${index}, .Ltext${index}, .Lend${index} - .Ltext${index}\n")
        math(EXPR index "${index} + 1")
    endforeach()
    set(TEXTS "${texts}")
    set(ROWS "${rows}")
    file(CONFIGURE OUTPUT ${out} CONTENT [[
/* Generated from src/js/embed.cmake. */
#if __SIZEOF_POINTER__ == 8
#define WORD .quad
#else
#define WORD .long
#endif

    .section .rodata
@TEXTS@
    .section .data.rel.ro, "aw"
    .balign __SIZEOF_POINTER__
    .globl embedded_modules
    .hidden embedded_modules
    .type embedded_modules, %object
embedded_modules:
@ROWS@    WORD 0, 0, 0
    .size embedded_modules, . - embedded_modules

    .section .note.GNU-stack, "", %progbits
]] @ONLY)
    # The texts are read by the assembler, where no dependency scan sees them.
    set_source_files_properties(${out} PROPERTIES OBJECT_DEPENDS "${ARGN}")
endfunction()
