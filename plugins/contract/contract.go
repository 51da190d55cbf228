// Package contract is what Veche and its plugins say to each other: the generated code of
// veche/plugin/v1/plugin.proto, which explains it, and the few words of the handshake. It is frozen:
// make check compares it with v1.binpb, and refuses what would break a plugin that is out there.
package contract

// Version is that of the contract, in the plugin's first line and in plugin.yaml.
const Version = 1

// MaxMessage is the largest message in either direction, in bytes.
const MaxMessage = 16 << 20

// What stands in a plugin's environment, and in the metadata of calls.
const (
	// Cookie is the variable by which a program sees that Veche started it, rather than a person.
	Cookie      = "VECHE_PLUGIN"
	CookieValue = "a-plugin-of-veche"
	// Key is the secret of this process: it refuses calls whose metadata KeyHeader do not bear it, and
	// bears it itself in its calls to the host.
	Key       = "VECHE_PLUGIN_KEY"
	KeyHeader = "veche-plugin-key"
	// HostAddress is where the host answers: unix:/path.
	HostAddress = "VECHE_HOST_ADDRESS"
	// SocketDir is the folder in which the plugin makes its socket.
	SocketDir = "PLUGIN_UNIX_SOCKET_DIR"
	// TokenHeader bears Call.token in calls to the host.
	TokenHeader = "veche-call-token"
)
