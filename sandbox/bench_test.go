package sandbox_test

import (
	"testing"
)

// BenchmarkConfirmedPayments is create and confirm in one call by eight callers
// per core, on disk.
func BenchmarkConfirmedPayments(b *testing.B) {
	s := open(b)
	b.SetParallelism(8)
	b.ResetTimer()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			if _, err := s.PaymentIntents.New(payment("pm_card_visa")); err != nil {
				b.Error(err)
				return
			}
		}
	})
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "payments/s")
}

// BenchmarkOneAfterAnother shows what one caller waits for.
func BenchmarkOneAfterAnother(b *testing.B) {
	s := open(b)
	for b.Loop() {
		if _, err := s.PaymentIntents.New(payment("pm_card_visa")); err != nil {
			b.Fatal(err)
		}
	}
}
