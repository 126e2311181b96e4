"""Speech: what a synthesizer says, through headphones or a loudspeaker."""
