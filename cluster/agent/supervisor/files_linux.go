package supervisor

import (
	"errors"
	"fmt"
	"os"

	"golang.org/x/sys/unix"
)

// filesFD is the supervisor's end of the socket over which files come: the first
// of exec.Cmd's ExtraFiles.
const filesFD = 3

// filePair makes the socket. Files sent over it (SCM_RIGHTS, unix(7)) are not
// bound to a name that a task could change.
func filePair() (mine, theirs *os.File, err error) {
	fds, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_SEQPACKET|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return nil, nil, os.NewSyscallError("socketpair", err)
	}
	return os.NewFile(uintptr(fds[0]), "files"), os.NewFile(uintptr(fds[1]), "files"), nil
}

// sendFiles sends descriptors as one message of one byte.
func sendFiles(socket *os.File, files []*os.File) error {
	fds := make([]int, len(files))
	for i, f := range files {
		fds[i] = int(f.Fd())
	}
	return unix.Sendmsg(int(socket.Fd()), []byte{0}, unix.UnixRights(fds...), nil, unix.MSG_NOSIGNAL)
}

// receiveFiles takes one message of n descriptors.
func receiveFiles(socket, n int) ([]*os.File, error) {
	oob := make([]byte, unix.CmsgSpace(4*n))
	_, got, flags, _, err := unix.Recvmsg(socket, make([]byte, 1), oob, unix.MSG_CMSG_CLOEXEC)
	if err != nil {
		return nil, err
	}
	if flags&unix.MSG_CTRUNC != 0 {
		return nil, errors.New("descriptors were cut off")
	}
	messages, err := unix.ParseSocketControlMessage(oob[:got])
	if err != nil {
		return nil, err
	}
	var files []*os.File
	for i := range messages {
		fds, err := unix.ParseUnixRights(&messages[i])
		if err != nil {
			return nil, err
		}
		for _, fd := range fds {
			files = append(files, os.NewFile(uintptr(fd), "stdio"))
		}
	}
	if len(files) != n {
		closeAll(files)
		return nil, fmt.Errorf("got %d descriptors, want %d", len(files), n)
	}
	return files, nil
}
