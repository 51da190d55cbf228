package demo

import "fmt"

// Family names are made of words for specimens, so that nobody takes these people for real ones.
var (
	families    = []string{"Образцов", "Примеров", "Пробнов", "Условнов", "Учебнов", "Макетов", "Эталонов", "Шаблонов", "Черновиков", "Вымыслов", "Модельнов", "Заглушкин", "Тестов", "Схемов"}
	given       = []string{"Алексей", "Борис", "Виктор", "Григорий", "Дмитрий", "Егор", "Иван", "Кирилл", "Леонид", "Михаил", "Николай", "Олег", "Пётр"}
	givenFemale = []string{"Анна", "Вера", "Галина", "Дарья", "Елена", "Жанна", "Зоя", "Ирина", "Лариса", "Мария", "Надежда", "Ольга", "Полина"}
	patronymics = []string{"Алексеев", "Борисов", "Викторов", "Григорьев", "Дмитриев", "Егоров", "Иванов", "Кириллов", "Леонидов", "Михайлов", "Николаев"}
)

// names gives each external key a name; the n-th key always gets the n-th name.
type names struct{ next int }

type name struct{ key, family, given, patronymic string }

// take is the next name: the lists' lengths have no common factor, so that no name comes twice
// among the first 2,000 or so.
func (n *names) take() name {
	i := n.next
	n.next++
	out := name{key: fmt.Sprintf("demo/person/%03d", i+1), family: families[i%len(families)]}
	if i%2 == 0 {
		out.given, out.patronymic = given[i%len(given)], patronymics[i%len(patronymics)]+"ич"
		return out
	}
	out.family += "а"
	out.given, out.patronymic = givenFemale[i%len(givenFemale)], patronymics[i%len(patronymics)]+"на"
	return out
}
