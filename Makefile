# Two commands set everything up: make run, make test. They install what is missing themselves.
GO      ?= go
LINT    := github.com/golangci/golangci-lint/v2/cmd/golangci-lint@v2.15.0
BUF     := github.com/bufbuild/buf/cmd/buf@v1.75.0
BIN     := bin/veche
# One way of building for all targets, whatever the folder: what one compiled, the others find in Go's cache.
export GOFLAGS := $(strip $(GOFLAGS) -trimpath)

.PHONY: plugins-node help run test oracle check build generate contract fresh lint vet tidy schema bench fuzz audit graphiql

help: ## what can be made
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sort | awk -F ':.*## ' '{printf "  %-12s %s\n", $$1, $$2}'

run: build ## serve the reference city on http://127.0.0.1:8080 (settings by VECHE_…)
	@scripts/install-postgres.sh
	@$(BIN) demo

test: ## all tests, with the race detector
	@scripts/install-postgres.sh test
	@scripts/install-compiler.sh
	@scripts/install-node.sh
	@$(MAKE) --no-print-directory build plugins-node
	VECHE_BIN=$(abspath $(BIN)) $(GO) test -race -timeout 15m ./...
	@$(MAKE) --no-print-directory oracle

oracle: ## random operations with both plugins against a plain gqlgen server, which takes long to compile: VECHE_ORACLE=5000
	@scripts/install-postgres.sh test
	$(GO) test -tags whole -timeout 60m -run TestOperationsWithPluginsAgainstAPlainServer ./cmd/veche/house

check: build vet tidy lint fresh ## build, vet, lint; go.mod and generated code are fresh

build: ## bin/veche
	@echo "building $(BIN) (the first time takes a few minutes)"
	@$(GO) build -o $(BIN) ./cmd/veche

generate: contract ## the joined schema and its resolvers, from the modules' folders; the plugins' contract
	$(GO) run ./cmd/generate
	$(GO) run ./cmd/veche schema > graph/schema.graphql

contract: ## the plugins' contract, which may only grow: it is compared with the frozen one
	cd plugins/contract && $(GO) run $(BUF) lint && $(GO) run $(BUF) breaking --against v1.binpb && $(GO) run $(BUF) generate

fresh: generate ## generated code equals what is committed
	@git diff --exit-code --stat -- graph plugins/contract cmd/veche/house/whole || { echo "generated code was stale: commit what make generate wrote"; exit 1; }
	@test -z "$$(git status --porcelain -- graph plugins/contract cmd/veche/house/whole)" || { git status --short -- graph plugins/contract cmd/veche/house/whole; echo "generated files are not committed"; exit 1; }

tidy:
	$(GO) mod tidy -diff

vet:
	$(GO) vet ./...

lint: ## golangci-lint, and the arrows between the folders (depguard)
	$(GO) run $(LINT) run

plugins-node: ## the SDK for plugins in TypeScript, from its lockfile
	cd plugins/sdk-node && npm ci --no-fund --no-audit --loglevel=error

schema: build ## the public schema, for code generators: graph/schema.graphql
	@$(BIN) schema > graph/schema.graphql && echo graph/schema.graphql

bench: build ## requests per second and CPU against one hand-written statement
	@scripts/install-postgres.sh test
	$(GO) run ./cmd/bench

fuzz: ## random operations in both ways of reading: VECHE_RANDOM=20000 VECHE_SEED=…
	@scripts/install-postgres.sh test
	VECHE_RANDOM=$${VECHE_RANDOM:-20000} $(GO) test -timeout 60m -v -run TestRandomOperationsBothWays ./cmd/veche/house

audit: ## the public GraphQL-over-HTTP audit against a running server
	cd graph/transport/audit && npm ci --no-fund --no-audit && node audit.mjs $${URL:-http://127.0.0.1:8080/graphql}

graphiql: ## build the embedded GraphiQL anew
	cd graph/graphiql && npm ci && npm run build
