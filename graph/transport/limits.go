package transport

import "time"

// Limits bounds what one request, one connection and the door's own memory may cost. Counts of a query are taken with its
// fragments expanded, so that a short text cannot stand for a long one.
type Limits struct {
	Body    int64 // bytes of a POST body, of a GET query string, of a WebSocket message
	Nesting int   // levels of JSON in variables and extensions

	Tokens        int // lexical tokens of the document
	Definitions   int // operations and fragments of the document
	Name          int // characters of any name in the document
	Depth         int // levels of fields, introspection apart
	Introspection int // levels of fields from __schema or __type down, its ofType chains included
	Aliases       int // fields under another name, in one operation
	RootFields    int // fields at the top of one operation
	Directives    int // directives in one operation
	Selections    int // fields in one operation
	Overlaps      int // comparisons that validation needs to prove that equal response names agree
	Complexity    int // price of the operation by the schema's complexity functions

	Answer  int // bytes of the data of one answer, before compression
	Errors  int // errors shown in one response
	Message int // characters of one error's message

	Time  time.Duration // a query or a mutation, from parsed to answered; subscriptions run on
	Read  time.Duration // the body's arrival
	Write time.Duration // one write to a slow reader
	Init  time.Duration // connection_init on a WebSocket
	Ping  time.Duration // keep-alive of WebSocket and SSE

	Streams int // operations at once on one WebSocket

	Files      int           // files within one request
	FilesTime  time.Duration // the arrival of a request with files, each pause in which is bounded by Read
	UploadTime time.Duration // as Time, for an operation that came with files

	Schemas        int // schemas whose executors are kept
	DocumentNodes  int // nodes of all parsed queries that are kept
	PersistedText  int // bytes of one query that may be persisted by hash
	PersistedBytes int // bytes of all persisted queries
	AnswerKept     int // bytes of one answer for everybody that may be kept
	AnswersBytes   int // bytes of all such answers
}

// DefaultLimits suits clients of many fields (Relay, GraphiQL) and bounds the worst query to some hundredths of a second before
// its execution.
func DefaultLimits() Limits {
	return Limits{
		Body: 1 << 20, Nesting: 64,
		Tokens: 5_000, Definitions: 200, Name: 200, Depth: 15, Introspection: 20,
		Aliases: 50, RootFields: 20, Directives: 50, Selections: 5_000, Overlaps: 100_000, Complexity: 20_000,
		Answer: 16 << 20, Errors: 100, Message: 1_000,
		Time: 10 * time.Second, Read: 30 * time.Second, Write: 30 * time.Second, Init: 10 * time.Second, Ping: 20 * time.Second,
		Streams: 100,
		Files:   10, FilesTime: 2 * time.Hour, UploadTime: 5 * time.Minute,
		Schemas: 128, DocumentNodes: 300_000, PersistedText: 32 << 10, PersistedBytes: 8 << 20,
		AnswerKept: 1 << 20, AnswersBytes: 32 << 20,
	}
}

// orDefault fills what is not set. A negative number counts as not set: there is no way to say "unbounded".
func (l Limits) orDefault() Limits {
	standard := DefaultLimits()
	l.Body = positive(l.Body, standard.Body)
	for _, field := range []struct {
		value    *int
		standard int
	}{
		{&l.Nesting, standard.Nesting}, {&l.Tokens, standard.Tokens}, {&l.Definitions, standard.Definitions},
		{&l.Name, standard.Name}, {&l.Depth, standard.Depth}, {&l.Introspection, standard.Introspection},
		{&l.Aliases, standard.Aliases}, {&l.RootFields, standard.RootFields}, {&l.Directives, standard.Directives},
		{&l.Selections, standard.Selections}, {&l.Overlaps, standard.Overlaps}, {&l.Complexity, standard.Complexity},
		{&l.Errors, standard.Errors}, {&l.Message, standard.Message}, {&l.Streams, standard.Streams}, {&l.Files, standard.Files},
		{&l.Schemas, standard.Schemas}, {&l.DocumentNodes, standard.DocumentNodes},
		{&l.PersistedText, standard.PersistedText}, {&l.PersistedBytes, standard.PersistedBytes},
		{&l.Answer, standard.Answer}, {&l.AnswerKept, standard.AnswerKept}, {&l.AnswersBytes, standard.AnswersBytes},
	} {
		*field.value = positive(*field.value, field.standard)
	}
	l.Time = positive(l.Time, standard.Time)
	l.Read = positive(l.Read, standard.Read)
	l.Write = positive(l.Write, standard.Write)
	l.Init = positive(l.Init, standard.Init)
	l.FilesTime = positive(l.FilesTime, standard.FilesTime)
	l.UploadTime = positive(l.UploadTime, standard.UploadTime)
	l.Ping = positive(l.Ping, standard.Ping)
	return l
}

func positive[T int | int64 | time.Duration](value, standard T) T {
	if value > 0 {
		return value
	}
	return standard
}
