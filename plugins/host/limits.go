package host

import (
	"cmp"
	"time"
)

// Limits bound what plugins ask for.
type Limits struct {
	Poll         time.Duration // how often is looked by itself; 10 s
	DeliveryPoll time.Duration // the same for events that are due; 1 s
	Linger       time.Duration // how long what was replaced takes calls of operations that began with it: as long as one may take; 10 s
	Drain        time.Duration // for calls under way of what is stopped; 10 s
	Ready        time.Duration // for a version to get ready; 60 s
	Hook         time.Duration // of a before-hook; 300 ms
	Nesting      int           // plugin → Veche → plugin → …; 4

	Parents int // in one message; 1,000
	Message int // bytes of one message; 4 MiB
	Side    int // messages of one round side by side; 8

	Statements     int           // of a Read or Write; 50
	StatementTime  time.Duration // of each; 2 s
	StatementBytes int           // of SQL and arguments together; 4 MiB
	Rows           int           // of a statement; 10,000
	ResultBytes    int           // of a Read or Write; 8 MiB
	Items          int           // events, audits, jobs, puts of a Write, each; 1,000

	KeyBytes    int   // of a key; 200
	ValueBytes  int   // of a value; 256 KiB
	Values      int   // keys of a plugin in a municipality; 10,000
	Connections int   // to all plugins' tables at a time, on one replica; 16
	Storage     int64 // bytes of a plugin's tables in a municipality; 2 GiB

	Batch        int           // events brought at once; 100
	DeliveryTime time.Duration // for one batch, at most; 30 s
	RetryMin     time.Duration // 1 s, doubled each time
	RetryMax     time.Duration // 1 h
	RetryFor     time.Duration // 72 h; then an event is dead
}

func (l Limits) orDefaults() Limits {
	l.Poll = cmp.Or(l.Poll, 10*time.Second)
	l.DeliveryPoll = cmp.Or(l.DeliveryPoll, time.Second)
	l.Linger = cmp.Or(l.Linger, 10*time.Second)
	l.Drain = cmp.Or(l.Drain, 10*time.Second)
	l.Ready = cmp.Or(l.Ready, time.Minute)
	l.Hook = cmp.Or(l.Hook, 300*time.Millisecond)
	l.Nesting = cmp.Or(l.Nesting, 4)
	l.Parents = cmp.Or(l.Parents, 1000)
	l.Message = cmp.Or(l.Message, 4<<20)
	l.Side = cmp.Or(l.Side, 8)
	l.Statements = cmp.Or(l.Statements, 50)
	l.StatementTime = cmp.Or(l.StatementTime, 2*time.Second)
	l.StatementBytes = cmp.Or(l.StatementBytes, 4<<20)
	l.Rows = cmp.Or(l.Rows, 10_000)
	l.ResultBytes = cmp.Or(l.ResultBytes, 8<<20)
	l.Items = cmp.Or(l.Items, 1000)
	l.KeyBytes = cmp.Or(l.KeyBytes, 200)
	l.ValueBytes = cmp.Or(l.ValueBytes, 256<<10)
	l.Values = cmp.Or(l.Values, 10_000)
	l.Connections = cmp.Or(l.Connections, 16)
	l.Storage = cmp.Or(l.Storage, 2<<30)
	l.Batch = cmp.Or(l.Batch, 100)
	l.DeliveryTime = cmp.Or(l.DeliveryTime, 30*time.Second)
	l.RetryMin = cmp.Or(l.RetryMin, time.Second)
	l.RetryMax = cmp.Or(l.RetryMax, time.Hour)
	l.RetryFor = cmp.Or(l.RetryFor, 72*time.Hour)
	return l
}
