package main

// pluginCommand is all that an author and an operator do with plugins on the command line.
type pluginCommand struct {
	catalogCommands

	New    newPlugin    `cmd:"" help:"Begin a plugin: a small one that works."`
	Dev    devPlugin    `cmd:"" help:"Serve the demo city with a plugin from its folder; what is saved is swapped in."`
	Pack   packPlugin   `cmd:"" help:"Build a plugin for its platforms, and pack its bundle."`
	Sign   signPlugin   `cmd:"" help:"Sign a bundle."`
	Key    keyPlugin    `cmd:"" help:"Make a key pair for signing bundles."`
	Verify verifyPlugin `cmd:"" help:"Try a plugin against the contract, without a database."`
}
