// Package core holds the words that every part of Veche shares: who acts (Actor), for which
// municipality (Municipality), where a right holds (Scope), how a thing is named (ID), what went
// wrong (Error), when (Date, Clock) and what changed (Change).
//
// It imports no other folder of ours. The packages below it (core/access, core/read,
// core/mutation and so on) give these words their work; modules speak them; the graph shows them.
//
// Who acts, where and in which language travels in the context: the HTTP door puts it there once
// a request (WithActor, WithMunicipality, WithLanguage) and everything below reads it. A context
// without them acts as nobody, nowhere: reads find nothing and writes are refused.
package core
