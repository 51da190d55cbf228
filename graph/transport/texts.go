package transport

import (
	"fmt"
	"slices"
)

// Languages of the door's messages.
const (
	English = "en"
	Russian = "ru"
)

type text struct{ key, english, russian string }

// Text words a message in a language; an unknown language is English, an unknown key is shown as it is.
func Text(language, key string, args ...any) string {
	for _, t := range texts() {
		if t.key != key {
			continue
		}
		if language == Russian {
			return fmt.Sprintf(t.russian, args...)
		}
		return fmt.Sprintf(t.english, args...)
	}
	return key
}

// Keys lists the messages, for callers that keep their own wording.
func Keys() []string {
	table := texts()
	keys := make([]string, len(table))
	for i, t := range table {
		keys[i] = t.key
	}
	return keys
}

// texts is the one table of messages. Both languages take the same arguments in the same order. A message names what is wrong and
// the way out; Russian avoids words that would have to agree with a number.
func texts() []text {
	return slices.Concat(requestTexts(), bodyTexts(), uploadTexts(), queryTexts(), outcomeTexts())
}

// requestTexts are about the head of a request: where it comes from, its method and its media types.
func requestTexts() []text {
	return []text{
		{"foreign_origin",
			"This request comes from a page of another site (%s), which may not ask here. The administrator can allow its origin.",
			"Запрос пришёл со страницы другого сайта (%s), которому это не разрешено. Администратор может разрешить его адрес."},
		{"simple_request",
			"Content-Type %q could have been sent by a foreign page's form. Send application/json.",
			"Content-Type %q мог прийти из формы на чужой странице. Отправьте application/json."},
		{"method",
			"Method %s is not served. Use GET for queries and POST for everything.",
			"Метод %s не поддерживается. Используйте GET для чтения и POST для всего."},
		{"mutation_by_get",
			"A mutation changes data and must be sent by POST.",
			"Мутация меняет данные, её нужно отправлять методом POST."},
		{"subscription_needs_stream",
			"A subscription needs a stream: connect by WebSocket (graphql-transport-ws) or send Accept: text/event-stream.",
			"Подписке нужен поток: подключитесь по WebSocket (graphql-transport-ws) или отправьте Accept: text/event-stream."},
		{"accept",
			"Accept %q names nothing that can be sent. Name application/graphql-response+json, application/json or text/event-stream.",
			"Accept %q не содержит ничего из доступного. Укажите application/graphql-response+json, application/json или text/event-stream."},
		{"accept_encoding",
			"Accept-Encoding %q refuses everything that can be sent. Allow gzip, br or identity.",
			"Accept-Encoding %q отвергает всё доступное. Разрешите gzip, br или identity."},
		{"content_type",
			"Content-Type %q is not served. Send application/json.",
			"Content-Type %q не поддерживается. Отправьте application/json."},
		{"charset",
			"Charset %q is not served. Send UTF-8.",
			"Кодировка %q не поддерживается. Отправьте UTF-8."},
		{"encoding",
			"Content-Encoding %q is not served. Send the body as it is.",
			"Content-Encoding %q не поддерживается. Отправьте тело без сжатия."},
		{"no_schema",
			"There is no municipality at this address.",
			"По этому адресу нет муниципалитета."},
	}
}

// bodyTexts are about what carries the query: the body, or the query string of a GET.
func bodyTexts() []text {
	return []text{
		{"body_size",
			"The request has %d bytes; the limit is %d.",
			"Размер запроса в байтах: %d, допустимо %d."},
		{"body_stream",
			"The request is longer than the limit of %d bytes.",
			"Запрос длиннее допустимого размера в байтах: %d."},
		{"body_slow",
			"The body did not arrive within %s.",
			"Тело запроса не пришло за %s."},
		{"body_read",
			"The body could not be read to its end.",
			"Тело запроса не удалось прочитать до конца."},
		{"body_json",
			"The body is not valid JSON.",
			"Тело запроса не является правильным JSON."},
		{"body_object",
			"The body must be a JSON object with the key query.",
			"Тело запроса должно быть объектом JSON с ключом query."},
		{"body_batch",
			"Several operations in one array are not served. Send each on its own, or several fields in one operation.",
			"Несколько операций в одном массиве не принимаются. Отправьте каждую отдельно или соберите поля в одну операцию."},
		{"utf8",
			"The request is not valid UTF-8.",
			"Запрос записан не в UTF-8."},
		{"url",
			"The query string of the address could not be read.",
			"Не удалось прочитать параметры адреса."},
		{"nesting",
			"JSON is nested %d levels deep; the limit is %d.",
			"Глубина вложенности JSON: %d, допустимо %d."},
		{"duplicate",
			"Parameter %s is given more than once.",
			"Параметр %s указан больше одного раза."},
		{"not_string",
			"Parameter %s must be a string.",
			"Параметр %s должен быть строкой."},
		{"not_object",
			"Parameter %s must be a JSON object.",
			"Параметр %s должен быть объектом JSON."},
		{"query_missing",
			"Parameter query is missing.",
			"Не указан параметр query."},
		{"document_and_query",
			"Send either documentId or query, not both.",
			"Укажите либо documentId, либо query, но не оба сразу."},
		{"document",
			"There is no trusted document %q here. It has to be in the manifest that the server was started with.",
			"Доверенного документа %q здесь нет. Он должен быть в списке, с которым запущен сервер."},
		{"documents_only",
			"Only trusted documents are served here. Name one by documentId.",
			"Здесь выполняются только доверенные документы. Укажите один из них в documentId."},
		{"nul",
			"%s contains the character NUL (U+0000), which is not allowed. Remove it.",
			"%s содержит недопустимый символ NUL (U+0000). Удалите его."},
	}
}

// uploadTexts are about files within a request.
func uploadTexts() []text {
	return []text{
		{"uploads",
			"You may not send files here. Sign in, or ask for the right to.",
			"Отправлять файлы вам нельзя. Войдите или запросите это право."},
		{"multipart",
			"The request is no multipart request for GraphQL: the fields operations and map come first, then the files that map names, each for one place in the variables that is null.",
			"Это не составной запрос GraphQL: сначала идут поля operations и map, затем файлы, названные в map, каждый для одного места в переменных, где стоит null."},
		{"files",
			"A request may hold %d files at most.",
			"Файлов в одном запросе может быть не больше: %d."},
		{"file_size",
			"A file is longer than the limit of %d bytes.",
			"Файл длиннее допустимого размера в байтах: %d."},
	}
}

// queryTexts are about the query itself.
func queryTexts() []text {
	return []text{
		{"variable",
			"Variable $%s: %s.",
			"Переменная $%s: %s."},
		{"tokens",
			"The query has more tokens than the limit of %d. Split it.",
			"В запросе больше лексем, чем допустимо: %d. Разделите его."},
		{"definitions",
			"The document has %d operations and fragments; the limit is %d.",
			"Операций и фрагментов в документе: %d, допустимо %d."},
		{"name",
			"A name has %d characters; the limit is %d.",
			"Символов в имени: %d, допустимо %d."},
		{"depth",
			"The query is %d levels deep; the limit is %d. Ask for the inner objects by a query of their own.",
			"Глубина запроса: %d, допустимо %d. Запросите внутренние объекты отдельно."},
		{"introspection",
			"The introspection is %d levels deep; the limit is %d.",
			"Глубина интроспекции: %d, допустимо %d."},
		{"root_fields",
			"The operation has %d fields at its top; the limit is %d. Split it.",
			"Полей на верхнем уровне операции: %d, допустимо %d. Разделите её."},
		{"aliases",
			"The operation has %d aliases, fragments expanded; the limit is %d. Split it, or ask for a list.",
			"Псевдонимов в операции с учётом фрагментов: %d, допустимо %d. Разделите её или запросите список."},
		{"directives",
			"The operation has %d directives, fragments expanded; the limit is %d.",
			"Директив в операции с учётом фрагментов: %d, допустимо %d."},
		{"selections",
			"The operation has %d fields, fragments expanded; the limit is %d. Split it.",
			"Полей в операции с учётом фрагментов: %d, допустимо %d. Разделите её."},
		{"overlaps",
			"The same fields are repeated so often that checking them takes more than the limit of %d comparisons. Ask for each once.",
			"Одни и те же поля повторяются так часто, что сравнений для проверки нужно больше допустимого: %d. Запросите каждое один раз."},
		{"complexity",
			"The operation costs %d points; the limit is %d. Ask for fewer fields, or for shorter lists with first.",
			"Стоимость операции в баллах: %d, допустимо %d. Запросите меньше полей или более короткие списки с помощью first."},
		{"cycle",
			"Fragment %q spreads itself.",
			"Фрагмент %q включает сам себя."},
		{"defer",
			"@defer is not served. Remove it, or ask for the slow part by a query of its own.",
			"@defer не поддерживается. Уберите её или запросите медленную часть отдельно."},
	}
}

// outcomeTexts are about what happened after the query was accepted, and about connections.
func outcomeTexts() []text {
	return []text{
		{"timeout",
			"The operation took longer than %s. Ask for less at once, or try again later.",
			"Операция длилась дольше %s. Запросите меньше за один раз или повторите позже."},
		{"answer",
			"The answer has %d bytes; the limit is %d. Ask for fewer fields, or for shorter lists with first.",
			"Размер ответа в байтах: %d, допустимо %d. Запросите меньше полей или более короткие списки с помощью first."},
		{"internal",
			"Something went wrong on our side. It has been recorded; try again later.",
			"Ошибка на нашей стороне. Она записана, повторите позже."},
		{"subprotocol",
			"The WebSocket must ask for the subprotocol graphql-transport-ws.",
			"WebSocket должен запросить подпротокол graphql-transport-ws."},
		{"streams",
			"The connection already has %d operations; the limit is %d. Finish one first.",
			"Операций на этом соединении: %d, допустимо %d. Сначала завершите одну."},
	}
}
