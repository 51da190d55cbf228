// Package sdknode holds no Go: it is the SDK for Node, and this test keeps it to the contract.
package sdknode

import (
	"encoding/base64"
	"os"
	"regexp"
	"testing"

	"github.com/google/uuid"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protodesc"
	"google.golang.org/protobuf/types/descriptorpb"

	"github.com/veche-city/veche/core"
	"github.com/veche-city/veche/plugins/contract"
)

// The messages of the SDK are those of the contract: npm run generate makes them.
func TestGeneratedFromTheContract(t *testing.T) {
	text, err := os.ReadFile("src/gen/veche/plugin/v1/plugin_pb.ts")
	if err != nil {
		t.Fatal(err)
	}
	found := regexp.MustCompile(`fileDesc\("([^"]+)"`).FindSubmatch(text)
	if found == nil {
		t.Fatal("plugin_pb.ts holds no descriptor: npm run generate")
	}
	raw, err := base64.RawStdEncoding.DecodeString(string(found[1]))
	if err != nil {
		t.Fatal(err)
	}
	generated := &descriptorpb.FileDescriptorProto{}
	if err := proto.Unmarshal(raw, generated); err != nil {
		t.Fatal(err)
	}
	frozen := protodesc.ToFileDescriptorProto(contract.File_veche_plugin_v1_plugin_proto)
	for _, one := range []*descriptorpb.FileDescriptorProto{generated, frozen} {
		one.SourceCodeInfo, one.Dependency = nil, nil
		for _, message := range one.MessageType {
			plain(message)
		}
	}
	if !proto.Equal(generated, frozen) {
		t.Error("src/gen is not made from today's contract: cd plugins/sdk-node && npm run generate")
	}
}

// plain takes away the names that JSON would bear, which protoc-gen-es leaves out.
func plain(message *descriptorpb.DescriptorProto) {
	for _, field := range message.Field {
		field.JsonName = nil
	}
	for _, inner := range message.NestedType {
		plain(inner)
	}
}

// The id that the SDK's own tests hold is how core writes it.
func TestIDsAreThoseOfCore(t *testing.T) {
	id := core.ID{Type: "District", Key: uuid.MustParse("0195d0f0-0000-7000-8000-000000000001")}
	text, err := os.ReadFile("test/bench.test.ts")
	if err != nil {
		t.Fatal(err)
	}
	if !regexp.MustCompile(`"` + regexp.QuoteMeta(id.String()) + `"`).Match(text) {
		t.Errorf("test/bench.test.ts holds another id than %s", id)
	}
}
