# What `make install` puts where.

include(GNUInstallDirs)
if(TARGET hikeshi)
    install(TARGETS hikeshi RUNTIME DESTINATION "${CMAKE_INSTALL_BINDIR}")
endif()
foreach(name ${HK_BUILT_plugin-})
    install(TARGETS plugin-${name} LIBRARY DESTINATION "${CMAKE_INSTALL_LIBDIR}/hikeshi/plugins")
endforeach()
foreach(folder playbooks examples)
    if(IS_DIRECTORY "${CMAKE_SOURCE_DIR}/${folder}")
        install(DIRECTORY "${CMAKE_SOURCE_DIR}/${folder}"
            DESTINATION "${CMAKE_INSTALL_DATADIR}/hikeshi" USE_SOURCE_PERMISSIONS
            PATTERN "__pycache__" EXCLUDE)
    endif()
endforeach()
if(IS_DIRECTORY "${HK_SDK_INCLUDE}")
    install(DIRECTORY "${HK_SDK_INCLUDE}/" DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}")
endif()
install(FILES "${CMAKE_SOURCE_DIR}/LICENSE" DESTINATION "${CMAKE_INSTALL_DOCDIR}")
# The unit names where the program is, which is known only when it is installed.
install(CODE "
    set(unit \"\${CMAKE_INSTALL_PREFIX}/lib/systemd/system/hikeshi.service\")
    file(READ \"${CMAKE_SOURCE_DIR}/examples/systemd/hikeshi.service\" text)
    string(REPLACE @PREFIX@ \"\${CMAKE_INSTALL_PREFIX}\" text \"\${text}\")
    file(WRITE \"\$ENV{DESTDIR}\${unit}\" \"\${text}\")
    message(STATUS \"Installing: \$ENV{DESTDIR}\${unit}\")
")
install(FILES "${CMAKE_SOURCE_DIR}/README.md" DESTINATION "${CMAKE_INSTALL_DOCDIR}")
install(DIRECTORY "${CMAKE_SOURCE_DIR}/sdk/docs/" DESTINATION "${CMAKE_INSTALL_DOCDIR}/docs")
