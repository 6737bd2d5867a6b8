package hole

import (
	"fmt"
	"reflect"
	"strings"
	"unsafe" // want: import
)

type link struct{ next *link }

func verb(l *link) string { return fmt.Sprintf("%p", l) } // want: pointer

func padded(l *link) string { return fmt.Sprintf("link %-12p is up", l) } // want: pointer

func number(n *int) string { return fmt.Sprint(n) } // want: pointer

func nested(l link) string { return fmt.Sprintf("%v", l) } // want: pointer

func list(all []*link) error { return fmt.Errorf("links %v", all) } // want: pointer

func function(b *strings.Builder, f func()) { fmt.Fprintf(b, "%v", f) } // want: pointer

func reflected(l *link) uintptr { return reflect.ValueOf(l).Pointer() } // want: pointer

func sorted(a, b *link) bool { return uintptr(unsafe.Pointer(a)) < uintptr(unsafe.Pointer(b)) }
