package jobs

import (
	"errors"
	"fmt"
	"time"

	"github.com/riverqueue/river"
)

// Registration is a worker or a periodic job, made by Worker or Every and given to Register.
type Registration func(j *Jobs) error

// Register adds workers and periodic jobs. Only before Start; a kind or id that is taken is an error.
func (j *Jobs) Register(registrations ...Registration) error {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.started {
		return errStarted
	}
	var errs []error
	for _, register := range registrations {
		errs = append(errs, register(j))
	}
	return errors.Join(errs...)
}

// Worker works the jobs whose arguments are a T.
func Worker[T river.JobArgs](w river.Worker[T]) Registration {
	return func(j *Jobs) error {
		if err := river.AddWorkerSafely(j.workers, w); err != nil {
			return fmt.Errorf("jobs: %w", err)
		}
		return nil
	}
}

// Every inserts a job at the start and after each interval, on one replica, and at most once in an
// interval of the clock, also when the replicas change over. The job is in no municipality: it
// does what concerns all, or inserts a job for each. id names it for good, e.g. cases.deadlines.
func Every(id string, interval time.Duration, args river.JobArgs) Registration {
	opts := onceIn(interval)
	job := river.NewPeriodicJob(river.PeriodicInterval(interval),
		func() (river.JobArgs, *river.InsertOpts) { return args, opts },
		&river.PeriodicJobOpts{ID: id, RunOnStart: true})
	return func(j *Jobs) error {
		if interval < time.Second {
			return fmt.Errorf("jobs: periodic job %s: an interval of %s is below a second", id, interval)
		}
		if _, err := j.client.PeriodicJobs().AddSafely(job); err != nil {
			return fmt.Errorf("jobs: periodic job %s: %w", id, err)
		}
		return nil
	}
}

func onceIn(interval time.Duration) *river.InsertOpts {
	return &river.InsertOpts{UniqueOpts: river.UniqueOpts{ByArgs: true, ByPeriod: interval}}
}
