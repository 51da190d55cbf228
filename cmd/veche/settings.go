package main

import (
	"cmp"
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"os"
	"path/filepath"
	"time"

	"github.com/alecthomas/kong"

	"github.com/veche-city/veche/cmd/veche/house"
	"github.com/veche-city/veche/core/files"
	"github.com/veche-city/veche/plugins/catalog"
)

// Settings are the operator's, shared by all commands.
type Settings struct {
	Config kong.ConfigFlag `help:"Settings file (YAML), also looked for at /etc/veche/veche.yaml." placeholder:"FILE"`

	Listen      string        `help:"Address of the API." default:"127.0.0.1:8080" group:"Serving"`
	AdminListen string        `help:"Address of /livez, /readyz, /metrics, /plugins and pprof; empty: none." default:"127.0.0.1:8081" group:"Serving"`
	DrainFor    time.Duration `help:"How long requests and jobs under way may take to end when stopping." default:"20s" group:"Serving"`

	DataDir        string `help:"Folder of the managed Postgres and of files." default:"${data_dir}" group:"Data"`
	DatabaseURL    string `help:"A Postgres (14 or later) to use instead of the managed one." env:"VECHE_DATABASE_URL,DATABASE_URL" placeholder:"URL" group:"Data"`
	PostgresBin    string `help:"Folder of Postgres' binaries, where they are not found by themselves." group:"Data"`
	MaxConnections int32  `help:"Most connections to the database; 0: by the number of processors." default:"0" group:"Data"`

	Municipality     string         `help:"Key of the municipality meant when a request names none; may be left out while there is one." group:"Graph"`
	MaxPage          int            `help:"Most rows of one page of a list." default:"100" group:"Graph"`
	Reads            string         `help:"How declared reads are answered: compiled, or by gqlgen's resolvers, their slower referee." enum:"compiled,resolvers" default:"compiled" group:"Graph"`
	Introspection    bool           `help:"Let the anonymous read the schema." default:"true" negatable:"" group:"Graph"`
	AllowedOrigins   []string       `help:"Foreign web origins that may use the API with the visitor's cookie." group:"Graph"`
	OpenSignUp       bool           `help:"Let residents make accounts themselves." group:"Graph"`
	TrustedDocuments string         `help:"Manifest of queries that clients may name by id: JSON of texts by id (Relay), or Apollo's." placeholder:"FILE" group:"Graph"`
	TrustedOnly      bool           `help:"Refuse every query that is not in the manifest of --trusted-documents." group:"Graph"`
	TrustedProxies   []netip.Prefix `help:"Networks whose X-Forwarded-For is believed." group:"Graph"`

	FilesDir    string `help:"Folder of files; with S3 only of those that are coming in." placeholder:"FOLDER" group:"Files"`
	FilesMax    int64  `help:"Largest file that is taken, in megabytes." default:"100" group:"Files"`
	ScanFiles   string `help:"Scanner that looks at each file before it is taken: clamd's address (tcp://host:port, unix:///path), or a command that reads the file from its standard input and ends with 0 when it is clean, 1 when not (clamdscan -). Without it files are not scanned for viruses." placeholder:"SCANNER" group:"Files"`
	S3Endpoint  string `name:"s3-endpoint" env:"VECHE_S3_ENDPOINT" help:"S3-compatible storage to keep files in, instead of a folder." placeholder:"URL" group:"Files"`
	S3Region    string `name:"s3-region" env:"VECHE_S3_REGION" help:"Its region, where it has some." group:"Files"`
	S3Bucket    string `name:"s3-bucket" env:"VECHE_S3_BUCKET" help:"The bucket, which must be there and be nobody else's." default:"veche" group:"Files"`
	S3AccessKey string `name:"s3-access-key" help:"Name of the key." env:"VECHE_S3_ACCESS_KEY,AWS_ACCESS_KEY_ID" group:"Files"`
	S3SecretKey string `name:"s3-secret-key" help:"The key; best given by the environment." env:"VECHE_S3_SECRET_KEY,AWS_SECRET_ACCESS_KEY" group:"Files"`

	PluginKeys    string `help:"Folder of the public keys whose plugins may run, one Ed25519 key a file; veche plugin trust adds one." placeholder:"FOLDER" group:"Plugins"`
	PluginSecret  string `help:"Seals the secrets of plugins' settings, at least 32 characters; the same on every replica. Without it a key is made in the data folder. Best given by the environment." placeholder:"SECRET" group:"Plugins"`
	PluginCgroup  string `help:"Folder of cgroups (version 2) that was delegated to Veche: each plugin has one there, with its limits of memory, processor time and processes. Without it they stand in Veche's own, where systemd delegates that (Delegate=yes)." placeholder:"FOLDER" env:"VECHE_CGROUP" group:"Plugins"`
	PluginUploads bool   `help:"Let bundles be sent through the API by who holds plugins:install in a municipality." group:"Plugins"`

	LogLevel  slog.Level `help:"debug, info, warn or error." default:"info" group:"Logs"`
	LogFormat string     `help:"text, json, or auto: text on a terminal, json elsewhere." enum:"auto,text,json" default:"auto" group:"Logs"`

	beside     bool // a server may run on the data folder
	pluginsDev bool // an author works on a plugin
}

func configFiles() []string { return []string{"/etc/veche/veche.yaml"} }

// dataDir is where data goes by default: the system's place for root, the user's own otherwise.
func dataDir() string {
	if os.Geteuid() == 0 {
		return "/var/lib/veche"
	}
	if dir := os.Getenv("XDG_DATA_HOME"); dir != "" {
		return filepath.Join(dir, "veche")
	}
	home, err := os.UserHomeDir()
	if err != nil {
		return "veche-data"
	}
	return filepath.Join(home, ".local", "share", "veche")
}

// Validate checks what kong's own tags cannot say.
func (s *Settings) Validate() error {
	if s.MaxPage < 1 || s.MaxPage > 1000 {
		return fmt.Errorf("--max-page is from 1 to 1000, not %d", s.MaxPage)
	}
	if s.TrustedOnly && s.TrustedDocuments == "" {
		return errors.New("--trusted-only needs --trusted-documents")
	}
	if s.FilesMax < 1 || s.FilesMax > 2047 {
		return fmt.Errorf("--files-max is from 1 to 2047 (megabytes), not %d", s.FilesMax)
	}
	return nil
}

func (s *Settings) house() house.Settings {
	return house.Settings{
		Municipality: s.Municipality, MaxPage: s.MaxPage, AllowedOrigins: s.AllowedOrigins,
		TrustedProxies: s.TrustedProxies, OpenSignUp: s.OpenSignUp, Introspection: s.Introspection, Reads: s.Reads,
		TrustedDocuments: s.TrustedDocuments, TrustedOnly: s.TrustedOnly,
		Files: s.files(), Plugins: s.plugins(), PluginCgroup: s.PluginCgroup,
	}
}

func (s *Settings) files() files.Settings {
	return files.Settings{
		Dir: cmp.Or(s.FilesDir, filepath.Join(s.DataDir, "files")), MaxSize: s.FilesMax << 20, Scan: s.ScanFiles,
		S3: files.S3Settings{Endpoint: s.S3Endpoint, Region: s.S3Region, Bucket: s.S3Bucket, AccessKey: s.S3AccessKey, SecretKey: s.S3SecretKey},
	}
}

// plugins keeps bundles and their key beside the other data. Keys that are trusted stand outside of the
// database, so that who can write it cannot have a program run.
func (s *Settings) plugins() catalog.Settings {
	dir := filepath.Join(s.DataDir, "plugins")
	return catalog.Settings{Dir: dir, Keys: cmp.Or(s.PluginKeys, filepath.Join(dir, "keys")), Secret: s.PluginSecret, Uploads: s.PluginUploads, Dev: s.pluginsDev}
}

// log writes to standard error; the request's id and trace join every line by its context.
func (s *Settings) log() *slog.Logger {
	options := &slog.HandlerOptions{Level: s.LogLevel}
	var handler slog.Handler = slog.NewJSONHandler(os.Stderr, options)
	if s.LogFormat == "text" || s.LogFormat == "auto" && onTerminal() {
		handler = slog.NewTextHandler(os.Stderr, options)
	}
	return slog.New(house.WithIDs(handler))
}

func onTerminal() bool {
	info, err := os.Stderr.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}

// progress tells a person of what takes longer than a second.
func progress(line string) { fmt.Fprintln(os.Stderr, "veche: "+line) }
