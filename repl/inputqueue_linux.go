package repl

import "golang.org/x/sys/unix"

// inputQueue asks a terminal how many bytes wait to be read (ioctl_tty(2)).
const inputQueue = unix.TIOCINQ
