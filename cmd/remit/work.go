package main

import "context"

type workCommand struct{}

func (workCommand) Run(ctx context.Context, s *surroundings) error {
	c, err := readConfig(s.environ)
	if err != nil {
		return err
	}
	return s.runProgram(ctx, c, "", true)
}
