# cmake -DPROGRAM=train -DPROFILE=DIRECTORY -P train.cmake
# Runs the training program, which leaves its counts in that directory.
set(CANNOT_SERVE 77)

file(REMOVE_RECURSE ${PROFILE})
execute_process(COMMAND ${PROGRAM} RESULT_VARIABLE result)
if(result EQUAL CANNOT_SERVE)
    message(WARNING "There is no loopback for the training program: the release is made without it, and will be "
                    "somewhat slower.")
elseif(NOT result EQUAL 0)
    message(FATAL_ERROR "The training program has failed: ${result}")
endif()
file(MAKE_DIRECTORY ${PROFILE})
file(TOUCH ${PROFILE}/complete)
