# The Debian packages: one a component.
set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_VENDOR "configurapi-runner-ws")
set(CPACK_PACKAGE_CONTACT "configurapi-runner-ws <root@localhost>")
set(CPACK_PACKAGE_DIRECTORY ${PROJECT_BINARY_DIR}/packages)
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_STRIP_FILES ON)
set(CPACK_COMPONENTS_ALL program library validation development)

set(CPACK_DEB_COMPONENT_INSTALL ON)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_ENABLE_COMPONENT_DEPENDS OFF)
# Modes as Debian has them, whatever the umask of who builds.
set(CPACK_INSTALL_DEFAULT_DIRECTORY_PERMISSIONS OWNER_READ OWNER_WRITE OWNER_EXECUTE GROUP_READ GROUP_EXECUTE
    WORLD_READ WORLD_EXECUTE)
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)

# They are opened when they are wanted, so that nothing in the program tells of them. The first is always wanted, but
# without a management server.
set(opened_at_start "libmicrohttpd12")
set(opened_at_run_time "libjavascriptcoregtk-4.1-0, libcurl4")

set(CPACK_DEBIAN_PROGRAM_PACKAGE_NAME configurapi-runner-ws)
set(CPACK_DEBIAN_PROGRAM_PACKAGE_SECTION net)
set(CPACK_DEBIAN_PROGRAM_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PROGRAM_PACKAGE_DEPENDS "configurapi-validation (= ${PROJECT_VERSION}), ${opened_at_start}")
set(CPACK_DEBIAN_PROGRAM_PACKAGE_RECOMMENDS ${opened_at_run_time})
set(CPACK_DEBIAN_PROGRAM_PACKAGE_SUGGESTS libconfigurapi-runner-ws-dev)
set(CPACK_DEBIAN_PROGRAM_PACKAGE_CONTROL_EXTRA ${CMAKE_CURRENT_SOURCE_DIR}/postinst
    ${CMAKE_CURRENT_SOURCE_DIR}/prerm ${CMAKE_CURRENT_SOURCE_DIR}/postrm)
set(CPACK_DEBIAN_PROGRAM_DESCRIPTION
"Serves the events of a Configurapi config.yaml over WebSocket. Handlers are written
in JavaScript, for which JavaScriptCore is needed, or in C.")

set(CPACK_DEBIAN_LIBRARY_PACKAGE_NAME ${library_package})
set(CPACK_DEBIAN_LIBRARY_PACKAGE_SECTION libs)
set(CPACK_DEBIAN_LIBRARY_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_LIBRARY_PACKAGE_DEPENDS "configurapi-validation (= ${PROJECT_VERSION}), ${opened_at_start}")
set(CPACK_DEBIAN_LIBRARY_PACKAGE_RECOMMENDS ${opened_at_run_time})
set(CPACK_DEBIAN_PACKAGE_GENERATE_SHLIBS ON)
set(CPACK_DEBIAN_LIBRARY_DESCRIPTION
"The library: the runner inside a program of one's own.")

set(CPACK_DEBIAN_VALIDATION_PACKAGE_NAME configurapi-validation)
set(CPACK_DEBIAN_VALIDATION_PACKAGE_SECTION libs)
set(CPACK_DEBIAN_VALIDATION_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_VALIDATION_DESCRIPTION
"Schemas and patterns for configurapi-runner-ws and its library, which open this when
a handler needs it.")

set(CPACK_DEBIAN_DEVELOPMENT_PACKAGE_NAME ${development_package})
set(CPACK_DEBIAN_DEVELOPMENT_PACKAGE_SECTION libdevel)
set(CPACK_DEBIAN_DEVELOPMENT_PACKAGE_DEPENDS "${library_package} (= ${PROJECT_VERSION}), libjansson-dev")
# For who links the static library.
set(CPACK_DEBIAN_DEVELOPMENT_PACKAGE_SUGGESTS
    "libuv1-dev, libfyaml-dev, libssl-dev, zlib1g-dev, configurapi-runner-ws")
set(CPACK_DEBIAN_DEVELOPMENT_DESCRIPTION
"What one builds with: <configurapi.h> for handlers in C, <configurapi-runner-ws.h> for
programs that have the runner inside, and the library to link.")

include(CPack)
