"""The system calls that a sealed process has no use for, by number on x86-64 and on arm64 (-1: that machine has none).

What leaves the process or stays after it is closed: new processes, other processes' memory, files and their attributes,
queues and shared memory that outlive their maker, keys kept by the kernel, mounts and machine settings. Calls numbered
above `NEWEST` came after this list was written and do not exist for a sealed process.
"""

# Linux 6.17: file_setattr. Numbers from 424 on are the same everywhere.
NEWEST = 469

_STARTING = {"fork": (57, -1), "vfork": (58, -1)}

PROGRAMS = {"execve": (59, 221), "execveat": (322, 281)}

_OTHER_PROCESSES = {
    "ptrace": (101, 117), "process_vm_readv": (310, 270), "process_vm_writev": (311, 271), "kcmp": (312, 272),
    "pidfd_open": (434, 434), "pidfd_getfd": (438, 438), "pidfd_send_signal": (424, 424), "process_madvise": (440, 440),
    "process_mrelease": (448, 448), "tkill": (200, 130), "rt_sigqueueinfo": (129, 138), "rt_tgsigqueueinfo": (297, 240),
    "perf_event_open": (298, 241), "move_pages": (279, 239), "migrate_pages": (256, 238),
}  # fmt: skip

_FILES = {
    "creat": (85, -1), "truncate": (76, 45), "ftruncate": (77, 46), "fallocate": (285, 47), "mknod": (133, -1), "mknodat": (259, 33),
    "mkdir": (83, -1), "mkdirat": (258, 34), "rmdir": (84, -1), "link": (86, -1), "linkat": (265, 37), "symlink": (88, -1),
    "symlinkat": (266, 36), "rename": (82, -1), "renameat": (264, 38), "renameat2": (316, 276), "unlink": (87, -1),
    "unlinkat": (263, 35), "chmod": (90, -1), "fchmod": (91, 52), "fchmodat": (268, 53), "fchmodat2": (452, 452), "chown": (92, -1),
    "fchown": (93, 55), "lchown": (94, -1), "fchownat": (260, 54), "utime": (132, -1), "utimes": (235, -1), "futimesat": (261, -1),
    "utimensat": (280, 88), "setxattr": (188, 5), "lsetxattr": (189, 6), "fsetxattr": (190, 7), "setxattrat": (463, 463),
    "removexattr": (197, 14), "lremovexattr": (198, 15), "fremovexattr": (199, 16), "removexattrat": (466, 466),
    "file_setattr": (469, 469), "name_to_handle_at": (303, 264), "open_by_handle_at": (304, 265), "memfd_create": (319, 279),
    "memfd_secret": (447, 447), "fanotify_init": (300, 262),
}  # fmt: skip

_LASTING = {
    "mq_open": (240, 180), "mq_unlink": (241, 181), "msgget": (68, 186), "semget": (64, 190), "shmget": (29, 194), "shmat": (30, 196),
    "add_key": (248, 217), "request_key": (249, 218), "keyctl": (250, 219),
}  # fmt: skip

_SOCKETS = {"socketpair": (53, 199), "bind": (49, 200), "listen": (50, 201), "accept": (43, 202), "accept4": (288, 242)}

_MACHINE = {
    "io_uring_setup": (425, 425), "io_uring_enter": (426, 426), "io_uring_register": (427, 427), "io_setup": (206, 0),
    "bpf": (321, 280), "userfaultfd": (323, 282), "mount": (165, 40), "umount2": (166, 39), "pivot_root": (155, 41),
    "chroot": (161, 51), "unshare": (272, 97), "setns": (308, 268), "open_tree": (428, 428), "open_tree_attr": (467, 467),
    "move_mount": (429, 429), "fsopen": (430, 430), "fsconfig": (431, 431), "fsmount": (432, 432), "fspick": (433, 433),
    "mount_setattr": (442, 442), "init_module": (175, 105), "finit_module": (313, 273), "delete_module": (176, 106),
    "kexec_load": (246, 104), "kexec_file_load": (320, 294), "reboot": (169, 142), "swapon": (167, 224), "swapoff": (168, 225),
    "sethostname": (170, 161), "setdomainname": (171, 162), "acct": (163, 89), "syslog": (103, 116), "quotactl": (179, 60),
    "quotactl_fd": (443, 443), "settimeofday": (164, 170), "clock_settime": (227, 112), "clock_adjtime": (305, 266),
    "adjtimex": (159, 171), "iopl": (172, -1), "ioperm": (173, -1), "personality": (135, 92), "lookup_dcookie": (212, 18),
}  # fmt: skip

CLOSED = {**_STARTING, **_OTHER_PROCESSES, **_FILES, **_LASTING, **_SOCKETS, **_MACHINE}

# Decided by an argument, or answered with "there is no such call" so that the C library takes the older one.
ASKED = {
    "socket": (41, 198), "clone": (56, 220), "clone3": (435, 435), "open": (2, -1), "openat": (257, 56), "openat2": (437, 437),
    "kill": (62, 129), "tgkill": (234, 131), "prctl": (157, 167), "prlimit64": (302, 261), "ioctl": (16, 29),
    "sendto": (44, 206), "sendmsg": (46, 211), "sendmmsg": (307, 269),
}  # fmt: skip
