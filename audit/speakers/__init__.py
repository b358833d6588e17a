"""Who is on which channel."""

from audit.speakers.channels import ChannelFinding, agent_channel
from audit.speakers.layout import LayoutFinding, channel_layout

__all__ = ["ChannelFinding", "LayoutFinding", "agent_channel", "channel_layout"]
