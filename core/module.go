package core

// Module is one folder of the civic domain: its schema, rules, reads and writes. Modules are made
// by ordinary constructors in modules/modules.go; what a module declares of itself stands here.
type Module interface {
	Info() Info
}

// Info is a module's card.
type Info struct {
	Name        string // its folder's name; the first part of its permissions
	Title       Text
	Permissions []Permission
	Policy      string // policy.csv: the default roles' rules, read strictly
	Grants      []Grant
	Indicators  []Indicator
	DataClasses []DataClass
	Follows     []string // GraphQL types whose objects people may follow; see Change.Notice
}

// Grant is a membership or post that gives a role by itself, and takes it away when it ends.
type Grant struct {
	Name string // for logs, e.g. councils.members
	// Query selects person_id (uuid), role (text), scope_kind (text) and scope_id (uuid) of the
	// rows that grant a role today. It filters by ?municipality, ?today and ?person. A scope_kind
	// of '' is the whole municipality.
	Query string
}

// Permission is a right that roles can be given, named module:action.
type Permission struct {
	Name  string
	Title Text
}

// DataClass is a sort of personal data (Federal Law 152-FZ, article 3): what it is for, how long
// it is kept after the last reason to keep it has gone, and which permission reads it.
type DataClass struct {
	Key        string
	Title      Text
	Basis      Text // the ground for processing, e.g. consent (152-FZ, article 6, part 1, point 1)
	Permission string
	KeepMonths int // 0: as long as the person's record stands
}

// Indicator is a figure of the year's report, declared where the rows behind it live.
type Indicator struct {
	Key        string
	Name       Text
	Unit       Text
	Definition Text // how it is counted, in words
	Permission string
	// Rows is a SELECT with the columns id (uuid), breakdown (text, may be null) and day (date):
	// one row for each thing counted. It may use ?municipality, ?from and ?to (dates, both
	// included). The figure is the number of rows; the rows are objects of the type Type.
	Type string
	Rows string
}
