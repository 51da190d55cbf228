package transport

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"sync"
	"time"

	gqltransport "github.com/99designs/gqlgen/graphql/handler/transport"
	"github.com/coder/websocket"
	"github.com/vektah/gqlparser/v2/gqlerror"
)

// The close codes of graphql-transport-ws.
const (
	closeGoingAway         = 1001
	closeProtocolError     = 1002
	closeBadRequest        = 4400
	closeUnauthorized      = 4401
	closeForbidden         = 4403
	closeInitTimeout       = 4408
	closeSubscriberExists  = 4409
	closeTooManyInitialise = 4429
)

// socket stands between coder/websocket and gqlgen's WebSocket transport, which runs the operations but closes every offence by
// 1002 or 1000, replaces a subscription whose id is in use, and bounds neither their number nor the time of a write. The socket
// reads each message first and closes by the protocol's own codes. gqlgen reads from one goroutine and writes under its lock.
type socket struct {
	conn *websocket.Conn
	door *door
	ctx  context.Context // of the request: it ends when the server drains

	mu          sync.Mutex
	initialised bool
	active      map[string]bool
	closing     bool
	missing     *time.Timer // runs out when a pong is missing
}

var (
	_ gqltransport.WebsocketConn          = (*socket)(nil)
	_ gqltransport.WebsocketReadLimiter   = (*socket)(nil)
	_ gqltransport.WebsocketReadDeadliner = (*socket)(nil)
)

type envelope struct {
	ID      string          `json:"id"`
	Type    string          `json:"type"`
	Payload json.RawMessage `json:"payload"`
}

// offence is a message that ends the connection.
type offence struct {
	code   int
	reason string
}

func (o *offence) Error() string { return fmt.Sprintf("%d: %s", o.code, o.reason) }

// NextReader gives gqlgen the next message that keeps to the protocol. One that only its own operation suffers for is answered
// here, and the next one is read.
func (s *socket) NextReader() (int, io.Reader, error) {
	for {
		kind, data, err := s.conn.Read(context.Background()) // ended by closing: a context would do nothing else
		if err != nil {
			if status := websocket.CloseStatus(err); status == websocket.StatusNormalClosure || status == websocket.StatusNoStatusRcvd {
				return 0, nil, gqltransport.ErrWebsocketClosed
			}
			return 0, nil, fmt.Errorf("read message: %w", err)
		}
		data, pass, err := s.inspect(kind, data)
		var wrong *offence
		if errors.As(err, &wrong) {
			s.close(wrong.code, wrong.reason)
			return 0, nil, err
		}
		if err != nil {
			return 0, nil, err
		}
		if pass {
			return int(kind), bytes.NewReader(data), nil
		}
	}
}

// inspect gives the message as gqlgen is to read it, when it is to.
func (s *socket) inspect(kind websocket.MessageType, data []byte) (read []byte, pass bool, err error) {
	var message envelope
	if kind != websocket.MessageText || nesting(data) > s.door.limits.Nesting || json.Unmarshal(data, &message) != nil {
		return nil, false, &offence{closeBadRequest, "Invalid message received"}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	switch message.Type {
	case "connection_init":
		if s.initialised {
			return nil, false, &offence{closeTooManyInitialise, "Too many initialisation requests"}
		}
		s.initialised = true
		return data, true, nil
	case "subscribe":
		return s.subscribe(message, data)
	case "complete":
		delete(s.active, message.ID)
		return data, true, nil
	case "ping", "pong":
		return data, true, nil
	}
	return nil, false, &offence{closeBadRequest, "Invalid message received"}
}

// subscribe is called under the lock.
func (s *socket) subscribe(message envelope, data []byte) (read []byte, pass bool, err error) {
	switch {
	case !s.initialised:
		return nil, false, &offence{closeUnauthorized, "Unauthorized"}
	case message.ID == "":
		return nil, false, &offence{closeBadRequest, "Invalid message received"}
	case s.active[message.ID]:
		return nil, false, &offence{closeSubscriberExists, "Subscriber for " + cut(message.ID, 20) + " already exists"}
	}
	params, refused := s.door.parseBody(message.Payload)
	if limit := s.door.limits.Streams; refused == nil && len(s.active) >= limit {
		refused = badRequest(codeLimit, "streams", len(s.active), limit)
	}
	if refused != nil {
		shown := s.door.present(s.ctx, s.door.errorOf(s.ctx, refused))
		return nil, false, s.send(map[string]any{"type": "error", "id": message.ID, "payload": gqlerror.List{shown}})
	}
	if s.door.options.Documents.idOf(params.Query) != "" { // gqlgen knows no names of documents
		if data, err = json.Marshal(map[string]any{"id": message.ID, "type": message.Type, "payload": params}); err != nil {
			return nil, false, fmt.Errorf("write out the document: %w", err)
		}
	}
	s.active[message.ID] = true
	return data, true, nil
}

// WriteJSON sends one message of gqlgen's. An operation ends by error or complete, not by both, so that a complete for one that
// has ended already is dropped.
func (s *socket) WriteJSON(v any) error {
	data, err := json.Marshal(v)
	if err != nil {
		return fmt.Errorf("write message: %w", err)
	}
	if ended := endedBy(data); ended != nil {
		s.mu.Lock()
		was := s.active[ended.ID]
		delete(s.active, ended.ID)
		s.mu.Unlock()
		if !was {
			return nil
		}
	}
	return s.write(data)
}

// endedBy reads the envelope only of a message that ends an operation: gqlgen writes the type last, and results are long.
func endedBy(data []byte) *envelope {
	if !bytes.HasSuffix(data, []byte(`"type":"complete"}`)) && !bytes.HasSuffix(data, []byte(`"type":"error"}`)) {
		return nil
	}
	var message envelope
	if json.Unmarshal(data, &message) != nil {
		return nil
	}
	return &message
}

func (s *socket) send(v any) error {
	data, err := json.Marshal(v)
	if err != nil {
		return fmt.Errorf("write message: %w", err)
	}
	return s.write(data)
}

func (s *socket) write(data []byte) error {
	ctx, cancel := context.WithTimeout(context.Background(), s.door.limits.Write)
	defer cancel()
	if err := s.conn.Write(ctx, websocket.MessageText, data); err != nil {
		return fmt.Errorf("write message: %w", err)
	}
	return nil
}

// WriteClose gives gqlgen's closings the protocol's codes. A normal closure while the request's context has ended is the server
// draining: 1001 makes clients come back, which they do not after 1000.
func (s *socket) WriteClose(code int, reason string) error {
	switch {
	case code == closeProtocolError && reason == "connection initialisation timeout":
		code, reason = closeInitTimeout, "Connection initialisation timeout"
	case code == closeProtocolError:
		code, reason = closeBadRequest, "Invalid message received"
	case code == gqltransport.WebsocketCloseNormalClosure && s.ctx.Err() != nil:
		code, reason = closeGoingAway, "Going away"
	}
	s.close(code, reason)
	return nil
}

// close begins the closing handshake, once, and does not wait for it: the peer may take its five seconds.
func (s *socket) close(code int, reason string) {
	s.mu.Lock()
	begun := s.closing
	s.closing = true
	s.stopWaiting()
	s.mu.Unlock()
	if !begun {
		go func() { _ = s.conn.Close(websocket.StatusCode(code), reason) }()
	}
}

// Close ends the connection at once, unless a handshake is under way, which ends it by itself.
func (s *socket) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.stopWaiting()
	if s.closing {
		return nil
	}
	s.closing = true
	return s.conn.CloseNow()
}

func (s *socket) Subprotocol() string { return s.conn.Subprotocol() }

func (s *socket) SetReadLimit(limit int64) { s.conn.SetReadLimit(limit) }

// SetReadDeadline is gqlgen's wait for a pong; the zero time ends it.
func (s *socket) SetReadDeadline(deadline time.Time) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.stopWaiting()
	if !deadline.IsZero() && !s.closing {
		s.missing = time.AfterFunc(time.Until(deadline), func() { _ = s.Close() })
	}
	return nil
}

// stopWaiting is called under the lock.
func (s *socket) stopWaiting() {
	if s.missing != nil {
		s.missing.Stop()
		s.missing = nil
	}
}
