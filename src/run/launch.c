/* Starting the command and living with it: signals, the terminal, exit statuses. */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "port/process.h"
#include "run/step.h"

void launch_ignore_terminal(void)
{
	signal(SIGINT, SIG_IGN);
	signal(SIGQUIT, SIG_IGN);
}

static void reset_signals(void)
{
	sigset_t none;

	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	signal(SIGINT, SIG_DFL);
	signal(SIGQUIT, SIG_DFL);
	signal(SIGPIPE, SIG_DFL);
}

int launch_exec(const struct agentfs_run_options *options)
{
	int error;

	setenv("AGENTFS", "1", 1);
	setenv("AGENTFS_SESSION", options->session, 1);
	if (chdir(options->directory) < 0) {
		fprintf(stderr, "agentfs: entering %s: %s\n", options->directory,
			strerror(errno));
		return 1;
	}
	setenv("PWD", options->directory, 1);
	reset_signals();
	port_close_from(3);
	if (geteuid() != 0)
		prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	execvp(options->argv[0], options->argv);
	error = errno;
	fprintf(stderr, "agentfs: running %s: %s\n", options->argv[0], strerror(error));
	return error == ENOENT ? 127 : 126;
}

static int shell_status(int status)
{
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

/* The child was stopped: so do we, and go on with it when we are continued. */
static void stop_with(pid_t child, int signal_number)
{
	if (signal_number == SIGSTOP || getpid() == 1)
		return;
	kill(getpid(), SIGSTOP);
	kill(child, SIGCONT);
}

/* Collects what has ended or stopped. True if the child has ended. */
static bool collect(pid_t child, bool reap, int *ret_status)
{
	for (;;) {
		int status;
		pid_t pid = waitpid(reap ? -1 : child, &status, WNOHANG | WUNTRACED);

		if (pid <= 0)
			return false;
		if (WIFSTOPPED(status)) {
			if (pid == child)
				stop_with(child, WSTOPSIG(status));
			continue;
		}
		if (pid == child) {
			*ret_status = shell_status(status);
			return true;
		}
	}
}

int launch_wait(pid_t child, bool reap)
{
	static const int passed_on[] = {SIGTERM, SIGHUP,   SIGUSR1,
					SIGUSR2, SIGWINCH, SIGALRM};
	struct signalfd_siginfo info;
	sigset_t set;
	int fd, status = 0;

	launch_ignore_terminal();
	sigemptyset(&set);
	sigaddset(&set, SIGCHLD);
	for (size_t i = 0; i < sizeof(passed_on) / sizeof(passed_on[0]); i++)
		sigaddset(&set, passed_on[i]);
	sigprocmask(SIG_BLOCK, &set, NULL);
	fd = signalfd(-1, &set, SFD_CLOEXEC);
	while (!collect(child, reap, &status)) {
		if (fd < 0 || read(fd, &info, sizeof(info)) != sizeof(info)) {
			pause();
			continue;
		}
		/* What the terminal sent reached the child by itself. */
		if (info.ssi_signo != SIGCHLD && info.ssi_code <= 0)
			kill(child, (int)info.ssi_signo);
	}
	if (fd >= 0)
		close(fd);
	return status;
}
