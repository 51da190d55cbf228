package people

import (
	"fmt"
	"strconv"
	"testing"

	"pgregory.net/rapid"
)

// Numbers of public bodies, as their own sites print them.
func TestKnownNumbers(t *testing.T) {
	for _, inn := range []string{"7707083893", "7710140679", "500100732259"} {
		if !validINN(inn) {
			t.Errorf("the INN %s is valid", inn)
		}
	}
	for _, ogrn := range []string{"1027700132195", "1027700220624", "304500116000157"} {
		if !validOGRN(ogrn) {
			t.Errorf("the OGRN %s is valid", ogrn)
		}
	}
}

func TestRefusedNumbers(t *testing.T) {
	for _, s := range []string{"", "7707083890", "770708389", "77070838930", "0000000000", "000000000000", "77070838٩3", "7707 83893", "-707083893"} {
		if validINN(s) {
			t.Errorf("the INN %q is not valid", s)
		}
	}
	for _, s := range []string{"", "1027700132190", "102770013219", "0000000000000", "000000000000000", "304500116000150", "10277001321９5"} {
		if validOGRN(s) {
			t.Errorf("the OGRN %q is not valid", s)
		}
	}
}

// The check digits as the rules word them, on plain integers.
func digitsOf(s string, weights ...int) int {
	sum := 0
	for i, w := range weights {
		sum += w * int(s[i]-'0')
	}
	return sum % 11 % 10
}

func TestINNProperty(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		region := rapid.IntRange(1, 99).Draw(t, "region")
		ten := fmt.Sprintf("%02d%07d", region, rapid.IntRange(0, 9_999_999).Draw(t, "organisation"))
		ten += strconv.Itoa(digitsOf(ten, 2, 4, 10, 3, 5, 9, 4, 6, 8))
		twelve := fmt.Sprintf("%02d%08d", region, rapid.IntRange(0, 99_999_999).Draw(t, "person"))
		twelve += strconv.Itoa(digitsOf(twelve, 7, 2, 4, 10, 3, 5, 9, 4, 6, 8))
		twelve += strconv.Itoa(digitsOf(twelve, 3, 7, 2, 4, 10, 3, 5, 9, 4, 6, 8))
		for _, inn := range []string{ten, twelve} {
			if !validINN(inn) {
				t.Fatalf("%s is valid", inn)
			}
			// Another last digit is never right: it follows from the others.
			if other := spoil(t, inn, len(inn)-1); validINN(other) {
				t.Fatalf("%s and %s cannot both be valid", inn, other)
			}
		}
	})
}

func TestOGRNProperty(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		legal := rapid.Uint64Range(100_000_000_000, 999_999_999_999).Draw(t, "legal")
		trader := rapid.Uint64Range(10_000_000_000_000, 99_999_999_999_999).Draw(t, "trader")
		for _, ogrn := range []string{
			fmt.Sprintf("%d%d", legal, legal%11%10), fmt.Sprintf("%d%d", trader, trader%13%10),
		} {
			if !validOGRN(ogrn) {
				t.Fatalf("%s is valid", ogrn)
			}
			if other := spoil(t, ogrn, len(ogrn)-1); validOGRN(other) {
				t.Fatalf("%s and %s cannot both be valid", ogrn, other)
			}
		}
	})
}

func spoil(t *rapid.T, s string, at int) string {
	by := byte(rapid.IntRange(1, 9).Draw(t, "by"))
	return s[:at] + string((s[at]-'0'+by)%10+'0') + s[at+1:]
}
