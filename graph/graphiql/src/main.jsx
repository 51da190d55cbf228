// The query page: GraphiQL with the endpoint and the examples that the server wrote into the page.
import { createRoot } from 'react-dom/client';
import { GraphiQL } from 'graphiql';
import { createGraphiQLFetcher } from '@graphiql/toolkit';
import 'graphiql/style.css';
import './page.css';

const { endpoint, examples } = JSON.parse(document.getElementById('settings').textContent);
const url = new URL(endpoint, location.href);
const socket = new URL(url);
socket.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:';

// The headers editor's values go to HTTP as headers and to the WebSocket as the payload of connection_init.
const fetcher = createGraphiQLFetcher({
  url: url.href,
  subscriptionUrl: socket.href,
  enableIncrementalDelivery: false,
});

const tabs = examples.map(({ title, query, variables }) => ({
  query: (title ? `# ${title}\n` : '') + query,
  variables: variables || undefined,
}));

// GraphiQL fills its variables editor from this property and from its storage, never from the first default tab. After the first
// visit the storage rules, or the reader's own variables would be overwritten.
const firstVisit = localStorage.getItem('graphiql:tabState') === null;
const variables = firstVisit ? tabs[0]?.variables : undefined;

createRoot(document.getElementById('page')).render(
  <GraphiQL
    fetcher={fetcher}
    defaultTabs={tabs.length > 0 ? tabs : undefined}
    variables={variables}
    defaultQuery={'# Write a query here and run it with Ctrl+Enter.\n'}
    isHeadersEditorEnabled
    defaultEditorToolsVisibility={tabs.some((tab) => tab.variables) ? 'variables' : undefined}
    shouldPersistHeaders={false}
    showPersistHeadersSettings={false}
  >
    <GraphiQL.Logo>Veche</GraphiQL.Logo>
  </GraphiQL>,
);
