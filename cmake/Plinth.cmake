# How Plinth's parts are declared. The folder is the unit: every .cc of a folder is its library, every *_test.cc its test program.

include(GNUInstallDirs)

# Warnings are errors in our own code; third-party headers are SYSTEM includes.
add_library(plinth_options INTERFACE)
target_compile_features(plinth_options INTERFACE cxx_std_23)
target_compile_options(plinth_options INTERFACE -Wall -Wextra -Wshadow -Wnon-virtual-dtor -Werror
  -fvisibility=hidden -fno-omit-frame-pointer)
target_include_directories(plinth_options INTERFACE ${PROJECT_SOURCE_DIR}/src ${PROJECT_SOURCE_DIR}/include)

# The oldest x86-64 processors that the runtimes themselves support (SSE 4.2, 2009); simdjson picks its code by this. Loops that
# gain from wider vectors are compiled several times and chosen at run time.
if(CMAKE_SYSTEM_PROCESSOR STREQUAL "x86_64")
  target_compile_options(plinth_options INTERFACE -march=x86-64-v2 -mpclmul)
endif()

set(PLINTH_SANITIZE "" CACHE STRING "Sanitizers for our own code: 'address,undefined' or 'thread'")
if(PLINTH_SANITIZE)
  # What a sanitizer adds to the code makes g++ see uninitialized values where there are none.
  target_compile_options(plinth_options INTERFACE -fsanitize=${PLINTH_SANITIZE} -fno-sanitize-recover=all
    -Wno-maybe-uninitialized)
  target_link_options(plinth_options INTERFACE -fsanitize=${PLINTH_SANITIZE})
  target_compile_definitions(plinth_options INTERFACE PLINTH_SANITIZED)
endif()
if(PLINTH_FUZZ)
  # clang's warnings differ from those of the compiler that the code is kept clean for.
  target_compile_options(plinth_options INTERFACE -fsanitize=fuzzer-no-link -Wno-error)
endif()

# plinth_folder(<name> <folder> [LIBRARIES ...]): static library plinth_<name> of the folder's sources, and
# plinth_<name>_test of its tests, run by ctest.
function(plinth_folder name folder)
  cmake_parse_arguments(ARG "" "" "LIBRARIES" ${ARGN})
  file(GLOB sources CONFIGURE_DEPENDS ${folder}/*.cc)
  set(tests ${sources})
  list(FILTER sources EXCLUDE REGEX "_test\\.cc$")
  list(FILTER tests INCLUDE REGEX "_test\\.cc$")
  if(NOT sources)
    return()
  endif()
  add_library(plinth_${name} STATIC ${sources})
  set_target_properties(plinth_${name} PROPERTIES POSITION_INDEPENDENT_CODE ON)
  target_link_libraries(plinth_${name} PUBLIC plinth_options ${ARG_LIBRARIES})
  if(tests AND PLINTH_TESTS)
    add_executable(plinth_${name}_test ${tests})
    target_link_libraries(plinth_${name}_test PRIVATE plinth_${name} GTest::gmock GTest::gtest_main)
    target_compile_definitions(plinth_${name}_test PRIVATE PLINTH_SOURCE_DIR="${PROJECT_SOURCE_DIR}"
      PLINTH_BINARY_DIR="${PROJECT_BINARY_DIR}")
    add_test(NAME ${name} COMMAND plinth_${name}_test)
  endif()
endfunction()

# plinth_backend(<name> SOURCES ... [LIBRARIES ...] [RUNTIME <folder under runtimes/>]): backends/libplinth_<name>.so, which finds its
# runtime's libraries by a path relative to itself, both in the build tree and in an installation.
function(plinth_backend name)
  cmake_parse_arguments(ARG "" "RUNTIME" "SOURCES;LIBRARIES" ${ARGN})
  add_library(plinth_backend_${name} MODULE ${ARG_SOURCES})
  target_link_libraries(plinth_backend_${name} PRIVATE plinth_options ${ARG_LIBRARIES})
  set_target_properties(plinth_backend_${name} PROPERTIES
    OUTPUT_NAME plinth_${name}
    LIBRARY_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/backends)
  add_dependencies(plinth_server plinth_backend_${name})
  # Nothing but the entry function is visible, whatever was linked in.
  target_link_options(plinth_backend_${name} PRIVATE -Wl,--as-needed
    -Wl,--version-script=${PROJECT_SOURCE_DIR}/cmake/backend.map)
  set_target_properties(plinth_backend_${name} PROPERTIES LINK_DEPENDS ${PROJECT_SOURCE_DIR}/cmake/backend.map)
  if(ARG_RUNTIME)
    set_target_properties(plinth_backend_${name} PROPERTIES
      SKIP_BUILD_RPATH ON
      LINK_FLAGS "-Wl,-rpath,'$ORIGIN/../../runtimes/${ARG_RUNTIME}/lib:$ORIGIN/../runtimes/${ARG_RUNTIME}/lib'")
  endif()
  install(TARGETS plinth_backend_${name} LIBRARY DESTINATION lib/plinth/backends)
endfunction()

# plinth_embed(<name> <file> <header> <function>): compiles a text file into plinth_<name> as the value of plinth::<function>(), which <header>
# declares as giving a std::string_view.
function(plinth_embed name file header function)
  set(source ${PROJECT_SOURCE_DIR}/${file})
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${source})
  file(READ ${source} text)
  configure_file(${PROJECT_SOURCE_DIR}/cmake/embedded.cc.in ${PROJECT_BINARY_DIR}/embedded/${file}.cc @ONLY)
  target_sources(plinth_${name} PRIVATE ${PROJECT_BINARY_DIR}/embedded/${file}.cc)
endfunction()

# plinth_descriptors(<name> <folder> <function>): compiles the folder's .proto files, with all that they import, into plinth_<name> as the
# value of plinth::<function>(), a serialized FileDescriptorSet.
function(plinth_descriptors name folder function)
  find_program(PLINTH_PROTOC protoc REQUIRED)
  file(GLOB protos CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/${folder}/*.proto)
  set(output ${PROJECT_BINARY_DIR}/embedded/${folder})
  add_custom_command(
    OUTPUT ${output}.cc
    COMMAND ${PLINTH_PROTOC} -I${PROJECT_SOURCE_DIR}/${folder} --include_imports --descriptor_set_out=${output}.set ${protos}
    COMMAND ${CMAKE_COMMAND} -DINPUT=${output}.set -DOUTPUT=${output}.cc -DFUNCTION=${function}
      -P ${PROJECT_SOURCE_DIR}/cmake/embed_bytes.cmake
    DEPENDS ${protos} ${PROJECT_SOURCE_DIR}/cmake/embed_bytes.cmake
    VERBATIM)
  target_sources(plinth_${name} PRIVATE ${output}.cc)
endfunction()
