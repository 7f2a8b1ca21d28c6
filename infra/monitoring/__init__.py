"""What operators are shown: metrics, alarms, the topic that alarms are sent to, and the dashboard."""
