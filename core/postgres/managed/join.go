package managed

import (
	"errors"
	"fmt"
)

// Join is the address of a database on the server that another process runs on the data folder, for
// commands beside it. Nothing is started, and nothing is to be stopped; where no server runs it fails.
func Join(dataDir, database string) (url string, err error) {
	l, acct, err := prepare(dataDir)
	if err != nil {
		return "", fmt.Errorf("managed postgres: %w", err)
	}
	file, err := readPidFile(l.cluster)
	if err != nil {
		return "", fmt.Errorf("managed postgres: %w", err)
	}
	if file == nil || !file.ready || (&process{pid: file.pid, cluster: l.cluster, uid: acct.uid}).judge() != ours {
		return "", fmt.Errorf("managed postgres: %w", errors.New("the database server of the other veche does not answer yet: try again in a moment"))
	}
	return socketURL(file.socketDir, owner, database), nil
}
